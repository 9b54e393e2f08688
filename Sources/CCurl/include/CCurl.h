#pragma once
#include <curl/curl.h>

// libcurl, loaded when the first URL needs it: with its thirty libraries it takes longer to load than everything else
// together, and most commands use no network. Names as in libcurl, with `moby_` in front.

// The functions in use.  All are null until `moby_curl_load` succeeds.
struct moby_curl_functions {
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    void (*easy_reset)(CURL *);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    CURLcode (*global_init)(long);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
    time_t (*getdate)(const char *, const time_t *);
    char *(*version)(void);
    CURLU *(*url)(void);
    void (*url_cleanup)(CURLU *);
    CURLUcode (*url_set)(CURLU *, CURLUPart, const char *, unsigned);
    CURLUcode (*url_get)(const CURLU *, CURLUPart, char **, unsigned);
    void (*free)(void *);
};
extern struct moby_curl_functions moby_curl;

// Loads a libcurl and initializes it. Call it once, from one thread.
// Returns null, or why it cannot be used: valid for ever.
const char *moby_curl_load(const char *path);

static inline CURL *moby_curl_easy_init(void) { return moby_curl.easy_init(); }
static inline void moby_curl_easy_cleanup(CURL *h) { moby_curl.easy_cleanup(h); }
static inline void moby_curl_easy_reset(CURL *h) { moby_curl.easy_reset(h); }
static inline CURLcode moby_curl_easy_perform(CURL *h) { return moby_curl.easy_perform(h); }
static inline const char *moby_curl_easy_strerror(CURLcode c) { return moby_curl.easy_strerror(c); }
static inline const char *moby_curl_version(void) { return moby_curl.version(); }
static inline struct curl_slist *moby_curl_slist_append(struct curl_slist *l, const char *s) { return moby_curl.slist_append(l, s); }
static inline void moby_curl_slist_free_all(struct curl_slist *l) { moby_curl.slist_free_all(l); }
static inline time_t moby_curl_getdate(const char *s) { return moby_curl.getdate(s, 0); }
static inline CURLU *moby_curl_url(void) { return moby_curl.url(); }
static inline void moby_curl_url_cleanup(CURLU *u) { moby_curl.url_cleanup(u); }
static inline CURLUcode moby_curl_url_set(CURLU *u, CURLUPart p, const char *s, unsigned f) { return moby_curl.url_set(u, p, s, f); }
static inline CURLUcode moby_curl_url_get(const CURLU *u, CURLUPart p, char **s, unsigned f) { return moby_curl.url_get(u, p, s, f); }
static inline void moby_curl_free(void *p) { moby_curl.free(p); }

// curl_easy_setopt and curl_easy_getinfo are variadic; Swift needs one function per argument type.
static inline CURLcode moby_curl_setopt_long(CURL *h, CURLoption o, long v) { return moby_curl.easy_setopt(h, o, v); }
static inline CURLcode moby_curl_setopt_offset(CURL *h, CURLoption o, curl_off_t v) { return moby_curl.easy_setopt(h, o, v); }
static inline CURLcode moby_curl_setopt_string(CURL *h, CURLoption o, const char *v) { return moby_curl.easy_setopt(h, o, v); }
static inline CURLcode moby_curl_setopt_pointer(CURL *h, CURLoption o, void *v) { return moby_curl.easy_setopt(h, o, v); }
static inline CURLcode moby_curl_setopt_list(CURL *h, CURLoption o, struct curl_slist *v) { return moby_curl.easy_setopt(h, o, v); }
static inline CURLcode moby_curl_setopt_callback(CURL *h, CURLoption o, size_t (*v)(char *, size_t, size_t, void *)) {
    return moby_curl.easy_setopt(h, o, v);
}
static inline CURLcode moby_curl_setopt_progress(CURL *h, int (*v)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t)) {
    return moby_curl.easy_setopt(h, CURLOPT_XFERINFOFUNCTION, v);
}
static inline CURLcode moby_curl_setopt_seek(CURL *h, int (*v)(void *, curl_off_t, int)) {
    return moby_curl.easy_setopt(h, CURLOPT_SEEKFUNCTION, v);
}
// libcurl copies the bytes.
static inline CURLcode moby_curl_setopt_blob(CURL *h, CURLoption o, const void *bytes, size_t count) {
    struct curl_blob blob = { .data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY };
    return moby_curl.easy_setopt(h, o, &blob);
}
static inline CURLcode moby_curl_getinfo_long(CURL *h, CURLINFO i, long *v) { return moby_curl.easy_getinfo(h, i, v); }
static inline CURLcode moby_curl_getinfo_string(CURL *h, CURLINFO i, char **v) { return moby_curl.easy_getinfo(h, i, v); }

#include "CCurl.h"
#include <dlfcn.h>

struct moby_curl_functions moby_curl;

const char *moby_curl_load(const char *path) {
    // Local: its OpenSSL must not meet the one that the program may contain.
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) return dlerror();
    struct moby_curl_functions f;
    struct { const char *name; void *function; } rows[] = {
        { "curl_easy_init", &f.easy_init }, { "curl_easy_cleanup", &f.easy_cleanup },
        { "curl_easy_reset", &f.easy_reset }, { "curl_easy_perform", &f.easy_perform },
        { "curl_easy_setopt", &f.easy_setopt }, { "curl_easy_getinfo", &f.easy_getinfo },
        { "curl_easy_strerror", &f.easy_strerror }, { "curl_global_init", &f.global_init },
        { "curl_slist_append", &f.slist_append }, { "curl_slist_free_all", &f.slist_free_all },
        { "curl_getdate", &f.getdate }, { "curl_version", &f.version }, { "curl_url", &f.url },
        { "curl_url_cleanup", &f.url_cleanup }, { "curl_url_set", &f.url_set }, { "curl_url_get", &f.url_get },
        { "curl_free", &f.free },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *symbol = dlsym(library, rows[i].name);
        if (!symbol) return dlerror();
        *(void **)rows[i].function = symbol;
    }
    CURLcode code = f.global_init(CURL_GLOBAL_ALL);
    if (code != CURLE_OK) return f.easy_strerror(code);
    moby_curl = f;
    return 0;
}

#include "clinux.h"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t drawn;
static volatile sig_atomic_t continued;

void moby_drawn_lines(int lines) { drawn = lines; }

void moby_erase_drawn(void) {
    int lines = drawn;
    drawn = 0;
    if (lines <= 0) return;
    /* To the first of them, then everything below: "\r\033[<lines>A\033[J". */
    char text[24] = "\r\033[";
    int length = 3, digits = 1;
    for (int rest = lines; rest >= 10; rest /= 10) digits++;
    for (int place = digits - 1, rest = lines; place >= 0; place--, rest /= 10) text[length + place] = (char)('0' + rest % 10);
    length += digits;
    for (const char *end = "A\033[J"; *end; end++) text[length++] = *end;
    if (write(STDERR_FILENO, text, (size_t)length) < 0) return;
}

static void note_continued(int number) {
    (void)number;
    continued = 1;
}

void moby_note_continues(void) {
    struct sigaction now;
    if (sigaction(SIGCONT, NULL, &now) != 0 || now.sa_handler != SIG_DFL) return;
    struct sigaction action = {.sa_handler = note_continued, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGCONT, &action, NULL);
}

int moby_take_continued(void) {
    int was = continued;
    continued = 0;
    return was;
}

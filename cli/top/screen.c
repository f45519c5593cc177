/* SPDX-License-Identifier: MIT */
#include "cli/top/screen.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/top/view.h"
#include "common/fd.h"

#define ESCAPE_MS 25 /* how long the rest of a key's sequence may take */

static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* What a handler of fatal signals needs: it can call nothing of ncurses. */
static struct termios before;
static char restoring[128];

static void on_fatal(int number)
{
    ssize_t ignored = write(STDOUT_FILENO, restoring, strlen(restoring));
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    raise(number); /* SA_RESETHAND: this time it ends us */
}

static void remember(const char *capability)
{
    const char *text = tigetstr(capability);
    if (text && text != (char *)-1 && strlen(restoring) + strlen(text) < sizeof restoring)
        strcat(restoring, text);
}

static void give_back(void)
{
    if (stdscr && !isendwin())
        endwin();
}

static void catch_signals(struct screen *screen)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT_OF(asking); i++)
        sigaddset(&set, asking[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND};
    for (size_t i = 0; i < COUNT_OF(fatal); i++)
        sigaction(fatal[i], &action, NULL);
}

int screen_open(struct screen *screen, struct err *err)
{
    *screen = (struct screen){.signals = -1};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(err, ERR_INVALID,
                       "standard input and output are no terminal; "
                       "--once or --json show it once");
    tcgetattr(STDIN_FILENO, &before);
    catch_signals(screen);
    if (!newterm(NULL, stdout, stdin)) {
        const char *name = getenv("TERM");
        return err_set(err, ERR_INVALID,
                       "the terminal \"%s\" (TERM) is not known; "
                       "--once or --json show it once",
                       name ? name : "");
    }
    remember("sgr0");
    remember("cnorm");
    remember("rmcup");
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    atexit(give_back);
    return 0;
}

void screen_close(struct screen *screen)
{
    give_back();
    fd_close(&screen->signals);
}

static void follow_size(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    clearok(curscr, TRUE); /* terminals move their lines about */
}

int screen_read_signal(struct screen *screen)
{
    struct signalfd_siginfo info;
    while (read(screen->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGWINCH)
            return (int)info.ssi_signo;
        follow_size();
    }
    return 0;
}

int screen_read_key(void)
{
    static const struct {
        int curses, ours;
    } keys[] = {{KEY_UP, TOP_KEY_UP},
                {KEY_DOWN, TOP_KEY_DOWN},
                {KEY_PPAGE, TOP_KEY_PAGE_UP},
                {KEY_NPAGE, TOP_KEY_PAGE_DOWN},
                {KEY_HOME, TOP_KEY_HOME},
                {KEY_END, TOP_KEY_END},
                {KEY_LEFT, TOP_KEY_LEFT},
                {KEY_RIGHT, TOP_KEY_RIGHT},
                {KEY_BACKSPACE, TOP_KEY_BACKSPACE},
                {0x7f, TOP_KEY_BACKSPACE},
                {0x08, TOP_KEY_BACKSPACE},
                {'\r', '\n'},
                {KEY_ENTER, '\n'}};
    int key = getch();
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (keys[i].curses == key)
            return keys[i].ours;
    return key == ERR ? -1 : key > 0x7f ? 0 : key;
}

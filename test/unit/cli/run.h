/*
 * run.h - a command run inside a test, and what it printed
 *
 * For one test program each: OUT and ERR hold what the last command printed.
 */
#ifndef UNIT_CLI_RUN_H
#define UNIT_CLI_RUN_H

enum { ARGUMENTS_MAX = 10 };

static char out[1 << 16], err[1 << 16]; /* what the command printed */

static void read_back(int fd, char *to, size_t room)
{
    ssize_t n = pread(fd, to, room - 1, 0);

    to[n < 0 ? 0 : n] = 0;
}

/* Runs COMMAND with ARGUMENTS (NULL at the end); standard error goes to ERROR_FD. */
static int run_with(int (*command)(int, char **), const char *const *arguments, int error_fd)
{
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    FILE *catch_out = tmpfile();
    int kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO), argc = 0;

    while (arguments[argc]) {
        assert_true(argc < ARGUMENTS_MAX);
        argv[argc] = strdup(arguments[argc]);
        argc++;
    }
    fflush(NULL);
    dup2(fileno(catch_out), STDOUT_FILENO);
    dup2(error_fd, STDERR_FILENO);
    int status = command(argc, argv);
    fflush(NULL);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    read_back(fileno(catch_out), out, sizeof out);
    fclose(catch_out);
    while (argc-- > 0)
        free(argv[argc]);
    return status;
}

static int run(int (*command)(int, char **), const char *const *arguments)
{
    FILE *catch_err = tmpfile();
    int status = run_with(command, arguments, fileno(catch_err));

    read_back(fileno(catch_err), err, sizeof err);
    fclose(catch_err);
    return status;
}

#endif

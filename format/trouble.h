// SPDX-License-Identifier: MIT
/*
 * Messages about what went wrong, for people: one line each, whatever is in the names and values that they speak of.
 */
#ifndef IPCTRACE_FORMAT_TROUBLE_H
#define IPCTRACE_FORMAT_TROUBLE_H

/*
 * Prints a line on stderr, as printf(3) would; its newline is added. Control bytes in it are shown as \n, \t, or octal
 * as \033, so that no value can make two lines of it or speak to the terminal. What does not fit TROUBLE_MAX bytes is
 * cut off. errno is kept.
 */
__attribute__((format(printf, 1, 2))) void trouble_say(const char *format, ...);

#define TROUBLE_MAX 8192

#endif

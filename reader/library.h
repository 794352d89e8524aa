// SPDX-License-Identifier: MIT
/*
 * Where the libraries are that are loaded into programs.
 */
#ifndef IPCTRACE_READER_LIBRARY_H
#define IPCTRACE_READER_LIBRARY_H

#include <stddef.h>

/*
 * The absolute path of libipctrace-preload.so: what IPCTRACE_PRELOAD names, or in the build tree or installation that
 * this executable is of. 0; or -1 after one line on stderr. LD_PRELOAD can name it: it has no colon and no space in it.
 */
int library_find(char *path, size_t size);

/* As library_find(), of libipctrace-peer.so; no variable names it. */
int library_find_peer(char *path, size_t size);

/*
 * The value for LD_PRELOAD: the library, then what the variable held before. To be freed; NULL when memory is short.
 */
char *library_preload(const char *library, const char *before);

#endif

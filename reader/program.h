// SPDX-License-Identifier: MIT
/*
 * A program as it lies on disk: what kind of file it is, what it is linked with, which names it takes and offers. Read
 * with libelf, which checks bounds; nothing is executed.
 */
#ifndef IPCTRACE_READER_PROGRAM_H
#define IPCTRACE_READER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROGRAM_E_UNREADABLE = 1, /* errno says why */
	PROGRAM_E_SCRIPT,	  /* begins with #!; `interpreter` and `argument` are set */
	PROGRAM_E_FOREIGN,	  /* neither script nor ELF */
};

#define PROGRAM_NEEDED_MAX 256

struct program {
	char interpreter[256]; /* of an ELF file, the loader; "" when it has none */
	char argument[256];    /* of a script: what follows the interpreter */
	unsigned class_bits;   /* 32 or 64 */
	unsigned machine;      /* EM_... */
	bool is_dynamic;       /* has a dynamic section */
	bool is_go;	       /* made by the Go compiler */
	char *needed[PROGRAM_NEEDED_MAX];
	size_t needed_count;
	char *search_path; /* DT_RUNPATH or DT_RPATH with $ORIGIN as it stands, or NULL */
};

/*
 * Reads `path`. `symbol`, which may be NULL, is called for each name of the dynamic symbol table: taken from elsewhere
 * when `is_import`, otherwise offered. 0 and *program to be freed with program_free(), an outcome from above, or
 * -errno.
 */
int program_read(const char *path, struct program *program,
		 void (*symbol)(void *context, const char *name, bool is_import), void *context);
void program_free(struct program *program);

/*
 * Where a command is that is called by `name`: itself when it has a slash, otherwise the first of PATH that can be
 * executed. Text in `path`. 0, or the errno that execvp() would set.
 */
int program_find(const char *name, char *path, size_t size);

/*
 * Where the loader would find the library `name` for a program at `path`: its own search path, LD_LIBRARY_PATH, the
 * usual directories. False when it is in none.
 */
bool program_find_library(const struct program *program, const char *path, const char *name, char *found, size_t size);

#endif

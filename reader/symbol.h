// SPDX-License-Identifier: MIT
/*
 * What is at an address of a traced process: function, file and line, out of the ELF files named by its modules. A file
 * whose build id is another than that of the trace is not believed.
 */
#ifndef IPCTRACE_READER_SYMBOL_H
#define IPCTRACE_READER_SYMBOL_H

#include <stdint.h>

#include "format/frame.h"

/* Texts are NULL when not known; they live as long as the symbols. */
struct symbol {
	const char *function;
	uint64_t function_offset;
	const char *file;
	int line;
	uint64_t offset; /* of the address from the module's load bias: its address in the file */
};

struct symbols;

/* 0 or -ENOMEM. */
int symbols_new(struct symbols **symbols);
void symbols_free(struct symbols *symbols);

/*
 * Looks up `address`, which lies in `module`. For a return address the call before it is what is looked up. What was
 * asked once is remembered. Always fills `symbol`.
 */
void symbols_find(struct symbols *symbols, const struct frame_module *module, uint64_t address, struct symbol *symbol);

#endif

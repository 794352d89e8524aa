// SPDX-License-Identifier: MIT
/*
 * Lines on their way to a file: gathered, and written when enough are there.
 */
#ifndef IPCTRACE_READER_OUTPUT_H
#define IPCTRACE_READER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "reader/text.h"

/* What is gathered before it is written. */
#define OUTPUT_BLOCK 65536u

enum { OUTPUT_E_CLOSED = 1 }; /* whoever read has gone */

struct output {
	int fd;
	struct text text;   /* add lines here */
	bool is_unwritable; /* a negative result came from writing, and not from whatever else there is */
};

/* Writes everything. 0, OUTPUT_E_CLOSED, or -errno; -ENOMEM when the text could not grow. */
int output_flush(struct output *output);

/* Writes what printf() has gathered for standard output. 0, or 2 after one line on stderr. */
int output_stdout(void);

/* Writes when there is enough. Results as output_flush(). */
static inline int output_offer(struct output *output)
{
	return output->text.size >= OUTPUT_BLOCK || output->text.failed ? output_flush(output) : 0;
}

/*
 * Opens `path` to be written anew, unless it is, by whatever name, one of the `count` files in `inputs` that are being
 * read: that would be lost. The descriptor, or -errno; -EINVAL for one of the inputs. See output_is_input().
 */
int output_create(const char *path, const char *const *inputs, size_t count);

/* Whether `path` and one of `inputs` are the same file. */
bool output_is_input(const char *path, const char *const *inputs, size_t count);

/* What a negative result of output_create() means. */
const char *output_trouble(int error);

/* Frees; what was not written is lost. The descriptor stays open. */
void output_free(struct output *output);

/* Whether colour is wanted on `fd`: `when` is "always", "never" or "auto" (NULL: auto). -1 when it is none of these. */
int output_color(const char *when, int fd);

#endif

// SPDX-License-Identifier: MIT
/*
 * Blocks of text to a descriptor.
 */
#include "reader/output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int output_flush(struct output *output)
{
	size_t done = 0;

	while (done < output->text.size) {
		ssize_t size = write(output->fd, output->text.bytes + done, output->text.size - done);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EPIPE)
			return OUTPUT_E_CLOSED;
		output->is_unwritable = size < 0;
		if (size < 0)
			return -errno;
		done += size;
	}
	output->text.size = 0;
	return output->text.failed ? -ENOMEM : 0;
}

void output_free(struct output *output)
{
	text_free(&output->text);
}

int output_color(const char *when, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (when && !strcmp(when, "always"))
		return 1;
	if (when && !strcmp(when, "never"))
		return 0;
	if (when && strcmp(when, "auto"))
		return -1;
	return isatty(fd) && !(no_color && *no_color) && terminal && strcmp(terminal, "dumb");
}

// SPDX-License-Identifier: MIT
/*
 * Blocks of text to a descriptor.
 */
#include "reader/output.h"
#include "format/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

int output_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	trouble_say("ipctrace: standard output: %s", strerror(errno));
	return 2;
}

bool output_is_input(const char *path, const char *const *inputs, size_t count)
{
	struct stat out, in;

	if (stat(path, &out))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!stat(inputs[i], &in) && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return true;
	return false;
}

int output_create(const char *path, const char *const *inputs, size_t count)
{
	if (output_is_input(path, inputs, count))
		return -EINVAL;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

const char *output_trouble(int error)
{
	return error == -EINVAL ? "is being read; write to another file" : strerror(-error);
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

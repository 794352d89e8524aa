// SPDX-License-Identifier: MIT
/*
 * Writes the sample log, or with `times` the one of times coded in bits, to the file named, which must not be there
 * yet.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/format/sample_log.h"

int main(int argc, char **argv)
{
	struct log_writer *writer;
	bool times = argc == 3 && !strcmp(argv[2], "times");
	int fd = argc == 2 || times ? open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0666) : -1;

	if (fd < 0 || log_writer_open(&writer, fd, &sample_head) ||
	    (times ? sample_write_times(writer) : sample_write(writer))) {
		fprintf(stderr, "write_sample: cannot write %s\n", argc > 1 ? argv[1] : "(no file named)");
		return 1;
	}
	log_writer_free(writer);
	return close(fd) ? 1 : 0;
}

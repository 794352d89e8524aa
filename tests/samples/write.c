// SPDX-License-Identifier: MIT
/* Bytes, by all its names, more than is kept, and to what cannot be written. */
#include "tests/samples/sample.h"

ssize_t __write(int fd, const void *buf, size_t n);

int main(void)
{
	int fd = file_with("file", ""), closed = (int)must(open("file", O_RDONLY));
	char many[1000];
	const char *text = "text";

	memset(many, '.', sizeof(many));
	expect(write(fd, "hello\n", 6), "write(%d, \"hello\\n\", 6)", fd);
	expect(__write(fd, "\0001\1", 3), "write(%d, \"\\0001\\1\", 3)", fd);
	expect(write(fd, many, sizeof(many)), "write(%d, \"%.64s\"..., 1000)", fd, many);
	expect(write(closed, text, 4), "write(%d, %p, 4)", closed, (void *)text);
	expect(write(fd, NULL, 4), "write(%d, NULL, 4)", fd);
}

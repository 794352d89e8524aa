// SPDX-License-Identifier: MIT
/* From a file into a pipe, from the pipe to a socket, and between two files, which cannot be. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "0123456789"), pipes[2];
	struct ends ends = pair_of(SOCK_STREAM);
	off64_t from = 3, to = 1;

	must(pipe(pipes));
	expect(splice(fd, &from, pipes[1], NULL, 5, SPLICE_F_MOVE | SPLICE_F_MORE),
	       "splice(%d, [8], %d, NULL, 5, SPLICE_F_MOVE|SPLICE_F_MORE)", fd, pipes[1]);
	expect(splice(pipes[0], NULL, ends.near, NULL, 100, SPLICE_F_NONBLOCK),
	       "splice(%d, NULL, %d, NULL, 100, SPLICE_F_NONBLOCK)", pipes[0], ends.near);
	expect(splice(fd, &from, fd, &to, 1, 0), "splice(%d, [8], %d, [1], 1, 0)", fd, fd);
}

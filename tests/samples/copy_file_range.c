// SPDX-License-Identifier: MIT
/* From place to place, from where the files stand, and into a file that is only read. */
#include "tests/samples/sample.h"

int main(void)
{
	int from = file_with("from", "0123456789"), to = file_with("to", ""), closed = (int)must(open("to", O_RDONLY));
	off64_t at = 2, there = 1;

	expect(copy_file_range(from, &at, to, &there, 4, 0), "copy_file_range(%d, [6], %d, [5], 4, 0)", from, to);
	expect(copy_file_range(from, NULL, to, NULL, 100, 0), "copy_file_range(%d, NULL, %d, NULL, 100, 0)", from,
	       to);
	expect(copy_file_range(from, &at, closed, NULL, 1, 0), "copy_file_range(%d, [6], %d, NULL, 1, 0)", from,
	       closed);
}

// SPDX-License-Identifier: MIT
/* Memory into a pipe, and into what is none. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int ends[2], fd = file_with("file", "");
	struct iovec parts[] = {{"hello", 5}, {"!", 1}};

	must(pipe(ends));
	expect(vmsplice(ends[1], parts, 2, SPLICE_F_NONBLOCK),
	       "vmsplice(%d, [{iov_base=\"hello\", iov_len=5}, {iov_base=\"!\", iov_len=1}], 2, SPLICE_F_NONBLOCK)",
	       ends[1]);
	expect(vmsplice(fd, parts, 1, 0), "vmsplice(%d, %p, 1, 0)", fd, (void *)parts);
}

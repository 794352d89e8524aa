// SPDX-License-Identifier: MIT
/* Of a request that has succeeded, by both names, and of one that has not. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	struct aiocb request = {.aio_fildes = file_with("file", ""),
				.aio_buf = "hello",
				.aio_nbytes = 5,
				.aio_sigevent.sigev_notify = SIGEV_NONE};

	must(aio_write(&request));
	request_wait(&request);
	expect(aio_return(&request), "aio_return(%s)", request_text(&request));
	expect(aio_return64((struct aiocb64 *)&request), "aio_return(%s)", request_text(&request));
	request.aio_fildes = -1;
	must(aio_write(&request));
	request_wait(&request);
	errno = 0;
	expect(aio_return(&request), "aio_return(%s)", request_text(&request));
}

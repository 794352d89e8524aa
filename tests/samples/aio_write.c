// SPDX-License-Identifier: MIT
/* A write under way, by both names, and one that cannot be. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	int fd = file_with("file", ""), result;
	struct aiocb request = {.aio_fildes = fd,
				.aio_buf = "hello",
				.aio_nbytes = 5,
				.aio_offset = 7,
				.aio_sigevent.sigev_notify = SIGEV_NONE};

	result = aio_write(&request);
	expect(result, "aio_write(%s)", request_text(&request));
	request_wait(&request);
	result = aio_write64((struct aiocb64 *)&request);
	expect(result, "aio_write(%s)", request_text(&request));
	request_wait(&request);
	request.aio_reqprio = -1;
	result = aio_write(&request);
	expect(result, "aio_write(%s)", request_text(&request));
}

// SPDX-License-Identifier: MIT
/* A read under way, by both names, and one from nothing. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	int fd = file_with("file", "hello"), result;
	char bytes[8];
	struct aiocb request = {
		.aio_fildes = fd, .aio_buf = bytes, .aio_nbytes = 8, .aio_sigevent.sigev_notify = SIGEV_NONE};

	result = aio_read(&request);
	expect(result, "aio_read(%s)", request_text(&request));
	request_wait(&request);
	result = aio_read64((struct aiocb64 *)&request);
	expect(result, "aio_read(%s)", request_text(&request));
	request_wait(&request);
	request.aio_reqprio = -1;
	result = aio_read(&request);
	expect(result, "aio_read(%s)", request_text(&request));
}

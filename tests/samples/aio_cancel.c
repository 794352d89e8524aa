// SPDX-License-Identifier: MIT
/* All of a file and one, which are done; by both names; and of what is not open. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	int fd = file_with("file", "");
	struct aiocb request = {.aio_fildes = fd, .aio_sigevent.sigev_notify = SIGEV_NONE};

	must(aio_write(&request));
	request_wait(&request);
	must(aio_cancel(fd, NULL));
	expect_text("AIO_ALLDONE", "aio_cancel(%d, NULL)", fd);
	must(aio_cancel64(fd, (struct aiocb64 *)&request));
	expect_text("AIO_ALLDONE", "aio_cancel(%d, %s)", fd, request_text(&request));
	expect(aio_cancel(-1, NULL), "aio_cancel(-1, NULL)");
}

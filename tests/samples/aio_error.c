// SPDX-License-Identifier: MIT
/* Of a request that has succeeded, and of one that has not. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	struct aiocb request = {.aio_fildes = file_with("file", ""), .aio_sigevent.sigev_notify = SIGEV_NONE};

	must(aio_write(&request));
	must(aio_suspend((const struct aiocb *[]){&request}, 1, NULL));
	expect_text("0", "aio_error(%s)", request_text(&request));
	if (aio_error(&request))
		return 1;
	request.aio_fildes = -1;
	must(aio_write(&request));
	must(aio_suspend((const struct aiocb *[]){&request}, 1, NULL));
	expect_text("EBADF", "aio_error(%s)", request_text(&request));
	if (aio_error64((struct aiocb64 *)&request) != EBADF)
		return 1;
}

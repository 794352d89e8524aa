// SPDX-License-Identifier: MIT
/* A file, by both names, and a way that there is not. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	int fd = file_with("file", ""), result;
	struct aiocb request = {.aio_fildes = fd, .aio_sigevent.sigev_notify = SIGEV_NONE};

	result = aio_fsync(O_SYNC, &request);
	expect(result, "aio_fsync(O_SYNC, %s)", request_text(&request));
	request_wait(&request);
	result = aio_fsync64(O_DSYNC, (struct aiocb64 *)&request);
	expect(result, "aio_fsync(O_DSYNC, %s)", request_text(&request));
	request_wait(&request);
	result = aio_fsync(O_RDWR, &request);
	expect(result, "aio_fsync(2, %s)", request_text(&request));
}

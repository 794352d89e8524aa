// SPDX-License-Identifier: MIT
/* Until one of two is done, and one that is never done for no longer than a moment. */
#include <aio.h>

#include "tests/samples/request.h"

int main(void)
{
	int ends[2];
	char byte;
	struct aiocb done = {.aio_fildes = file_with("file", ""), .aio_sigevent.sigev_notify = SIGEV_NONE};
	struct aiocb never = {.aio_buf = &byte, .aio_nbytes = 1, .aio_sigevent.sigev_notify = SIGEV_NONE};
	const struct aiocb *both[] = {&done, NULL}, *one[] = {&never};
	const struct timespec moment = {0, 1000000};

	must(pipe(ends));
	never.aio_fildes = ends[0];
	must(aio_write(&done));
	expect(aio_suspend(both, 2, NULL), "aio_suspend([%p, NULL], 2, NULL)", (void *)&done);
	must(aio_read(&never));
	expect(aio_suspend64((const struct aiocb64 *const *)one, 1, &moment),
	       "aio_suspend([%p], 1, {tv_sec=0, tv_nsec=1000000})", (void *)&never);
	must(write(ends[1], "!", 1));
}

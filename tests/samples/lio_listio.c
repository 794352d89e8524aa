// SPDX-License-Identifier: MIT
/* Two requests at once, by all names and versions, with and without waiting; and a way that there is not. */
#include <aio.h>

#include "tests/samples/request.h"

int lio_listio_of_2_4(int mode, struct aiocb *const aiocb_list[], int nitems, struct sigevent *sevp);
int lio_listio_of_2_2_5(int mode, struct aiocb *const aiocb_list[], int nitems, struct sigevent *sevp);
__asm__(".symver lio_listio_of_2_4, lio_listio@GLIBC_2.4");
__asm__(".symver lio_listio_of_2_2_5, lio_listio@GLIBC_2.2.5");

int main(void)
{
	struct aiocb request = {.aio_fildes = file_with("file", ""),
				.aio_lio_opcode = LIO_WRITE,
				.aio_buf = "hello",
				.aio_nbytes = 5,
				.aio_sigevent.sigev_notify = SIGEV_NONE};
	struct aiocb *list[] = {&request, NULL};
	struct sigevent silence = {.sigev_notify = SIGEV_NONE};

	expect(lio_listio(LIO_WAIT, list, 2, NULL), "lio_listio(LIO_WAIT, [%p, NULL], 2, NULL)", (void *)&request);
	expect(lio_listio64(LIO_NOWAIT, (struct aiocb64 **)list, 1, &silence),
	       "lio_listio(LIO_NOWAIT, [%p], 1, {sigev_notify=SIGEV_NONE, sigev_signo=0, sigev_value=NULL})",
	       (void *)&request);
	request_wait(&request);
	expect(lio_listio_of_2_4(LIO_WAIT, list, 1, NULL), "lio_listio(LIO_WAIT, [%p], 1, NULL)", (void *)&request);
	expect(lio_listio_of_2_2_5(LIO_WAIT, list, 1, NULL), "lio_listio(LIO_WAIT, [%p], 1, NULL)", (void *)&request);
	expect(lio_listio(7, list, 1, NULL), "lio_listio(7, [%p], 1, NULL)", (void *)&request);
}

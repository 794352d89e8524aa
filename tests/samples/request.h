// SPDX-License-Identifier: MIT
/*
 * Asynchronous requests for the samples of their calls. It must not be used by the samples of aio_error and aio_suspend
 * to wait.
 */
#ifndef IPCTRACE_TESTS_REQUEST_H
#define IPCTRACE_TESTS_REQUEST_H

#include <aio.h>
#include <signal.h>

#include "tests/samples/sample.h"

/* How a request is printed, once it is made; the text is good until the next call. SIGEV_NONE is taken for granted. */
static inline const char *request_text(const struct aiocb *request)
{
	static const char *const operations[] = {"LIO_READ", "LIO_WRITE", "LIO_NOP"};
	static char text[512];
	char buffer[32] = "NULL", operation[16];

	/* libc has operations of its own beyond the named ones */
	snprintf(operation, sizeof(operation), "%d", request->aio_lio_opcode);
	if (request->aio_buf)
		snprintf(buffer, sizeof(buffer), "%p", (void *)(uintptr_t)request->aio_buf);
	snprintf(text, sizeof(text),
		 "{aio_fildes=%d, aio_lio_opcode=%s, aio_reqprio=%d, aio_buf=%s, aio_nbytes=%zu, aio_offset=%ld, "
		 "sigev_notify=SIGEV_NONE, sigev_signo=0}",
		 request->aio_fildes, request->aio_lio_opcode < 3 ? operations[request->aio_lio_opcode] : operation,
		 request->aio_reqprio, buffer, request->aio_nbytes, (long)request->aio_offset);
	return text;
}

static inline void request_wait(struct aiocb *request)
{
	while (aio_error(request) == EINPROGRESS)
		must(aio_suspend((const struct aiocb *[]){request}, 1, NULL));
}

#endif

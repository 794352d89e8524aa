// SPDX-License-Identifier: MIT
/* By another clock; and by one that cannot be waited for. */
#include <semaphore.h>
#include <time.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct timespec past = {0, 1};
	sem_t semaphore;

	must(sem_init(&semaphore, 0, 1));
	expect(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &past),
	       "sem_clockwait(%p, CLOCK_MONOTONIC, {tv_sec=0, tv_nsec=1})", (void *)&semaphore);
	expect(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &past),
	       "sem_clockwait(%p, CLOCK_MONOTONIC, {tv_sec=0, tv_nsec=1})", (void *)&semaphore);
	expect(sem_clockwait(&semaphore, CLOCK_PROCESS_CPUTIME_ID, &past),
	       "sem_clockwait(%p, CLOCK_PROCESS_CPUTIME_ID, {tv_sec=0, tv_nsec=1})", (void *)&semaphore);
}

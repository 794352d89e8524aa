// SPDX-License-Identifier: MIT
/* A thread, and one for whose stack there is no room. */
#include <pthread.h>

#include "tests/samples/sample.h"

static void *run(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_attr_t huge;
	pthread_t thread;
	int result = pthread_create(&thread, NULL, run, &huge);

	expect_error(result, "pthread_create([%#lx], %p, %p)", thread, (void *)run, (void *)&huge);
	pthread_join(thread, NULL);
	pthread_attr_init(&huge);
	pthread_attr_setstacksize(&huge, 1ul << 47);
	expect_error(pthread_create(&thread, &huge, run, NULL), "pthread_create(%p, %p, NULL)", (void *)&thread,
		     (void *)run);
}

// SPDX-License-Identifier: MIT
/* A queue made with and without attributes, one opened, and one that is not there. */
#include <mqueue.h>

#include "tests/samples/sample.h"

mqd_t __mq_open_2(const char *name, int oflag);

int main(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 64};
	const char *name = own_name();
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);

	if (queue < 0 && errno == ENOSYS)
		sample_skip("no message queues");
	expect(queue,
	       "mq_open(\"%s\", O_RDWR|O_CREAT|O_EXCL, 0600, {mq_flags=0, mq_maxmsg=2, mq_msgsize=64, mq_curmsgs=0})",
	       name);
	expect(mq_open(name, O_RDONLY | O_CREAT, 0640, NULL), "mq_open(\"%s\", O_RDONLY|O_CREAT, 0640)", name);
	expect(mq_open(name, O_WRONLY | O_NONBLOCK), "mq_open(\"%s\", O_WRONLY|O_NONBLOCK)", name);
	expect(__mq_open_2(name, O_RDONLY), "mq_open(\"%s\", O_RDONLY)", name);
	must(mq_unlink(name));
	expect(mq_open(name, O_RDWR), "mq_open(\"%s\", O_RDWR)", name);
	expect(mq_open("no-slash", O_RDWR), "mq_open(\"no-slash\", O_RDWR)");
}

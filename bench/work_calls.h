// SPDX-License-Identifier: MIT
/*
 * The calls that are measured. Included by work.c once for each way to make them: WAY(name) is the function that makes
 * them, CALL(name) the call. No include guard, therefore.
 */
static void WAY(recv)(struct hands *hands)
{
	CALL(recv)(-1, hands->bytes, sizeof(hands->bytes), 0);
}

static void WAY(ping)(struct hands *hands)
{
	if (CALL(send)(hands->pair[0], hands->bytes, MESSAGE, 0) != MESSAGE ||
	    CALL(recv)(hands->pair[1], hands->bytes, MESSAGE, 0) != MESSAGE)
		die("ping");
}

static void WAY(vector)(struct hands *hands)
{
	struct iovec parts[2] = {{hands->bytes, MESSAGE / 2}, {hands->bytes + MESSAGE / 2, MESSAGE / 2}};

	if (CALL(writev)(hands->pair[0], parts, 2) != MESSAGE || CALL(readv)(hands->pair[1], parts, 2) != MESSAGE)
		die("writev");
}

static void WAY(semop)(struct hands *hands)
{
	struct sembuf up = {0, 1, 0}, down = {0, -1, 0};

	if (CALL(semop)(hands->sem, &up, 1) || CALL(semop)(hands->sem, &down, 1))
		die("semop");
}

static void WAY(message)(struct hands *hands)
{
	struct {
		long type;
		char bytes[MESSAGE];
	} message = {1, ""};

	if (CALL(msgsnd)(hands->queue, &message, MESSAGE, 0) ||
	    CALL(msgrcv)(hands->queue, &message, MESSAGE, 0, 0) != MESSAGE)
		die("msgsnd");
}

static void WAY(map)(struct hands *hands)
{
	void *page = CALL(mmap)(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || CALL(munmap)(page, 4096))
		die("mmap");
}

static void WAY(sendmsg)(struct hands *hands)
{
	struct iovec part = {hands->bytes, MESSAGE};
	struct msghdr out = {.msg_iov = &part, .msg_iovlen = 1}, in = out;

	if (CALL(sendmsg)(hands->pair[0], &out, 0) != MESSAGE || CALL(recvmsg)(hands->pair[1], &in, 0) != MESSAGE)
		die("sendmsg");
}

static void WAY(epoll)(struct hands *hands)
{
	struct epoll_event events[8];

	if (CALL(epoll_wait)(hands->ready, events, 8, -1) != 1)
		die("epoll_wait");
}

static void WAY(poll)(struct hands *hands)
{
	struct pollfd end = {hands->pair[1], POLLIN, 0};

	if (CALL(poll)(&end, 1, -1) != 1)
		die("poll");
}

/* Sixteen calls deep, by one of 65,536 ways, as the bits of `path` say. */
static void WAY(left)(struct hands *hands, unsigned path, unsigned depth);
static void WAY(right)(struct hands *hands, unsigned path, unsigned depth);

static inline __attribute__((always_inline)) void WAY(step)(struct hands *hands, unsigned path, unsigned depth)
{
	if (!depth)
		CALL(recv)(-1, hands->bytes, sizeof(hands->bytes), 0);
	else if (path & 1)
		WAY(right)(hands, path >> 1, depth - 1);
	else
		WAY(left)(hands, path >> 1, depth - 1);
	__asm__ volatile(""); /* so that none of these is the caller's last act, and leaves no frame */
}

static __attribute__((noinline)) void WAY(left)(struct hands *hands, unsigned path, unsigned depth)
{
	WAY(step)(hands, path, depth);
}

static __attribute__((noinline)) void WAY(right)(struct hands *hands, unsigned path, unsigned depth)
{
	WAY(step)(hands, path, depth);
}

static void WAY(deep)(struct hands *hands)
{
	WAY(left)(hands, 0, 16);
}

static void WAY(paths)(struct hands *hands)
{
	WAY(left)(hands, ++hands->path * 40503u & 0xffff, 16);
}

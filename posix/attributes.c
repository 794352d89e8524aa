// SPDX-License-Identifier: MIT
/*
 * posix_trace_attr_*(): values that are checked when they are set, and copied when a stream is created. Nothing here
 * knows of a stream. Every error that the standard leaves to the implementation is given.
 */
#include "posix/attributes.h"

#include <errno.h>
#include <string.h>

#define STREAM_SIZE_DEFAULT (1u << 20)
#define DATA_SIZE_DEFAULT   1024u
#define LOG_SIZE_DEFAULT    (16u << 20)

struct posix_attributes attributes_default(void)
{
	return (struct posix_attributes){
		.magic = ATTRIBUTES_MAGIC,
		.inherited = POSIX_TRACE_CLOSE_FOR_CHILD,
		.log_policy = POSIX_TRACE_LOOP,
		.stream_size = STREAM_SIZE_DEFAULT,
		.data_size = DATA_SIZE_DEFAULT,
		.log_size = LOG_SIZE_DEFAULT,
		.version = "ipctrace " IPCTRACE_VERSION,
	};
}

const struct posix_attributes *attributes_of(const trace_attr_t *attr)
{
	const struct posix_attributes *attributes = (const void *)attr;

	return attributes && attributes->magic == ATTRIBUTES_MAGIC ? attributes : NULL;
}

void attributes_store(trace_attr_t *attr, const struct posix_attributes *attributes)
{
	memset(attr, 0, sizeof(*attr));
	memcpy(attr, attributes, sizeof(*attributes));
}

static struct posix_attributes *attributes_to_set(trace_attr_t *attr)
{
	return (struct posix_attributes *)attributes_of(attr);
}

PUBLIC int posix_trace_attr_init(trace_attr_t *attr)
{
	const struct posix_attributes attributes = attributes_default();

	if (!attr)
		return EINVAL;
	attributes_store(attr, &attributes);
	return 0;
}

PUBLIC int posix_trace_attr_destroy(trace_attr_t *attr)
{
	if (!attributes_of(attr))
		return EINVAL;
	memset(attr, 0, sizeof(*attr));
	return 0;
}

/* ---- who it is ---- */

PUBLIC int posix_trace_attr_getclockres(const trace_attr_t *attr, struct timespec *resolution)
{
	if (!attributes_of(attr) || !resolution)
		return EINVAL;
	*resolution = (struct timespec){0, 1};
	return 0;
}

PUBLIC int posix_trace_attr_getcreatetime(const trace_attr_t *attr, struct timespec *createtime)
{
	const struct posix_attributes *attributes = attributes_of(attr);

	if (!attributes || !createtime)
		return EINVAL;
	*createtime = attributes->created;
	return 0;
}

PUBLIC int posix_trace_attr_getgenversion(const trace_attr_t *attr, char *genversion)
{
	const struct posix_attributes *attributes = attributes_of(attr);

	if (!attributes || !genversion)
		return EINVAL;
	strcpy(genversion, attributes->version);
	return 0;
}

PUBLIC int posix_trace_attr_getname(const trace_attr_t *attr, char *tracename)
{
	const struct posix_attributes *attributes = attributes_of(attr);

	if (!attributes || !tracename)
		return EINVAL;
	strcpy(tracename, attributes->name);
	return 0;
}

PUBLIC int posix_trace_attr_setname(trace_attr_t *attr, const char *tracename)
{
	struct posix_attributes *attributes = attributes_to_set(attr);

	if (!attributes || !tracename)
		return EINVAL;
	size_t size = strnlen(tracename, TRACE_NAME_MAX - 1);
	memset(attributes->name, 0, sizeof(attributes->name));
	memcpy(attributes->name, tracename, size);
	return 0;
}

/* ---- policies ---- */

static int policy_get(const trace_attr_t *attr, size_t offset, int *policy)
{
	if (!attributes_of(attr) || !policy)
		return EINVAL;
	memcpy(policy, (const char *)attr + offset, sizeof(*policy));
	return 0;
}

/* `allowed`: bit n for policy n. */
static int policy_set(trace_attr_t *attr, size_t offset, unsigned allowed, int policy)
{
	if (!attributes_of(attr) || policy < 0 || policy > 31 || !(allowed >> policy & 1))
		return EINVAL;
	memcpy((char *)attr + offset, &policy, sizeof(policy));
	return 0;
}

#define POLICY_AT(member)   offsetof(struct posix_attributes, member)
#define POLICY_BIT(policy)  (1u << POSIX_TRACE_##policy)
#define INHERITED_POLICIES  (POLICY_BIT(CLOSE_FOR_CHILD) | POLICY_BIT(INHERITED))
#define LOG_FULL_POLICIES   (POLICY_BIT(LOOP) | POLICY_BIT(UNTIL_FULL) | POLICY_BIT(APPEND))
#define STREAM_FULL_POLICES (POLICY_BIT(LOOP) | POLICY_BIT(UNTIL_FULL) | POLICY_BIT(FLUSH))

PUBLIC int posix_trace_attr_getinherited(const trace_attr_t *restrict attr, int *restrict inheritancepolicy)
{
	return policy_get(attr, POLICY_AT(inherited), inheritancepolicy);
}

PUBLIC int posix_trace_attr_setinherited(trace_attr_t *attr, int inheritancepolicy)
{
	return policy_set(attr, POLICY_AT(inherited), INHERITED_POLICIES, inheritancepolicy);
}

PUBLIC int posix_trace_attr_getlogfullpolicy(const trace_attr_t *restrict attr, int *restrict logpolicy)
{
	return policy_get(attr, POLICY_AT(log_policy), logpolicy);
}

PUBLIC int posix_trace_attr_setlogfullpolicy(trace_attr_t *attr, int logpolicy)
{
	return policy_set(attr, POLICY_AT(log_policy), LOG_FULL_POLICIES, logpolicy);
}

/* Not set yet, it is what a stream without log would have. */
PUBLIC int posix_trace_attr_getstreamfullpolicy(const trace_attr_t *restrict attr, int *restrict streampolicy)
{
	int rc = policy_get(attr, POLICY_AT(stream_policy), streampolicy);

	if (!rc && !*streampolicy)
		*streampolicy = POSIX_TRACE_LOOP;
	return rc;
}

PUBLIC int posix_trace_attr_setstreamfullpolicy(trace_attr_t *attr, int streampolicy)
{
	return policy_set(attr, POLICY_AT(stream_policy), STREAM_FULL_POLICES, streampolicy);
}

/* ---- sizes ---- */

static int size_get(const trace_attr_t *attr, size_t offset, size_t *size)
{
	uint64_t value;

	if (!attributes_of(attr) || !size)
		return EINVAL;
	memcpy(&value, (const char *)attr + offset, sizeof(value));
	*size = value;
	return 0;
}

static int size_set(trace_attr_t *attr, size_t offset, uint64_t size, uint64_t least, uint64_t most)
{
	if (!attributes_of(attr) || size < least || size > most)
		return EINVAL;
	memcpy((char *)attr + offset, &size, sizeof(size));
	return 0;
}

PUBLIC int posix_trace_attr_getlogsize(const trace_attr_t *restrict attr, size_t *restrict logsize)
{
	return size_get(attr, POLICY_AT(log_size), logsize);
}

PUBLIC int posix_trace_attr_setlogsize(trace_attr_t *attr, size_t logsize)
{
	return size_set(attr, POLICY_AT(log_size), logsize, 1, SIZE_MAX);
}

PUBLIC int posix_trace_attr_getmaxdatasize(const trace_attr_t *restrict attr, size_t *restrict maxdatasize)
{
	return size_get(attr, POLICY_AT(data_size), maxdatasize);
}

PUBLIC int posix_trace_attr_setmaxdatasize(trace_attr_t *attr, size_t maxdatasize)
{
	return size_set(attr, POLICY_AT(data_size), maxdatasize, 0, DATA_SIZE_MAX);
}

PUBLIC int posix_trace_attr_getstreamsize(const trace_attr_t *restrict attr, size_t *restrict streamsize)
{
	return size_get(attr, POLICY_AT(stream_size), streamsize);
}

PUBLIC int posix_trace_attr_setstreamsize(trace_attr_t *attr, size_t streamsize)
{
	return size_set(attr, POLICY_AT(stream_size), streamsize, 1, STREAM_SIZE_MAX);
}

PUBLIC int posix_trace_attr_getmaxsystemeventsize(const trace_attr_t *restrict attr, size_t *restrict eventsize)
{
	if (!attributes_of(attr) || !eventsize)
		return EINVAL;
	*eventsize = posix_record_words(SYSTEM_DATA_MAX) * 8ul;
	return 0;
}

PUBLIC int posix_trace_attr_getmaxusereventsize(const trace_attr_t *restrict attr, size_t data_len,
						size_t *restrict eventsize)
{
	const struct posix_attributes *attributes = attributes_of(attr);

	if (!attributes || !eventsize)
		return EINVAL;
	*eventsize =
		posix_record_words((uint32_t)(data_len < attributes->data_size ? data_len : attributes->data_size)) *
		8ul;
	return 0;
}

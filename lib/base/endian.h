/* Network byte order, a byte at a time: any alignment, any machine. */
#ifndef ADIT_BASE_ENDIAN_H
#define ADIT_BASE_ENDIAN_H

#include <stdint.h>

static inline uint16_t
adit_load16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t
adit_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
adit_load64(const uint8_t *p)
{
	return (uint64_t)adit_load32(p) << 32 | adit_load32(p + 4);
}

static inline void
adit_store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
adit_store32(uint8_t *p, uint32_t v)
{
	adit_store16(p, (uint16_t)(v >> 16));
	adit_store16(p + 2, (uint16_t)v);
}

static inline void
adit_store64(uint8_t *p, uint64_t v)
{
	adit_store32(p, (uint32_t)(v >> 32));
	adit_store32(p + 4, (uint32_t)v);
}

#endif

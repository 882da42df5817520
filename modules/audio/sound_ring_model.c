/**
 * @file modules/audio/sound_ring_model.c  Samples from one thread to another
 */
#include <string.h>
#include "sound_ring_model.h"


static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}


void sound_ring_init(struct sound_ring *ring)
{
	atomic_init(&ring->wr, 0);
	atomic_init(&ring->rd, 0);
	memset(ring->v, 0, sizeof(ring->v));
}


size_t sound_ring_push(struct sound_ring *ring, const int16_t *v, size_t n)
{
	size_t wr, rd, pos, first;

	wr = atomic_load_explicit(&ring->wr, memory_order_relaxed);

	/* acquire: the consumer has read what will be overwritten */
	rd = atomic_load_explicit(&ring->rd, memory_order_acquire);

	n = lesser(n, SOUND_RING_SZ - (wr - rd));
	pos = wr & (SOUND_RING_SZ - 1);
	first = lesser(n, SOUND_RING_SZ - pos);

	memcpy(&ring->v[pos], v, first * sizeof(*v));
	memcpy(&ring->v[0], v + first, (n - first) * sizeof(*v));

	/* release: the samples are there before they are counted */
	atomic_store_explicit(&ring->wr, wr + n, memory_order_release);

	return n;
}


size_t sound_ring_pop(struct sound_ring *ring, int16_t *v, size_t n)
{
	size_t wr, rd, pos, first;

	rd = atomic_load_explicit(&ring->rd, memory_order_relaxed);
	wr = atomic_load_explicit(&ring->wr, memory_order_acquire);

	n = lesser(n, wr - rd);
	pos = rd & (SOUND_RING_SZ - 1);
	first = lesser(n, SOUND_RING_SZ - pos);

	memcpy(v, &ring->v[pos], first * sizeof(*v));
	memcpy(v + first, &ring->v[0], (n - first) * sizeof(*v));

	atomic_store_explicit(&ring->rd, rd + n, memory_order_release);

	return n;
}


size_t sound_ring_skip(struct sound_ring *ring, size_t n)
{
	size_t wr, rd;

	rd = atomic_load_explicit(&ring->rd, memory_order_relaxed);
	wr = atomic_load_explicit(&ring->wr, memory_order_acquire);

	n = lesser(n, wr - rd);

	atomic_store_explicit(&ring->rd, rd + n, memory_order_release);

	return n;
}


size_t sound_ring_fill(struct sound_ring *ring)
{
	size_t wr, rd;

	/* rd first: it never overtakes the wr that is read after it. The
	 * producer may have gone round meanwhile, hence the limit. */
	rd = atomic_load_explicit(&ring->rd, memory_order_acquire);
	wr = atomic_load_explicit(&ring->wr, memory_order_acquire);

	return lesser(wr - rd, SOUND_RING_SZ);
}

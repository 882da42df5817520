/**
 * @file modules/audio/sound_ring_model.h  Samples from one thread to another
 *
 * A ring of a fixed size between exactly one producer and one consumer, of
 * which one is the device's callback: no lock, no allocation, no waiting.
 */
#ifndef PARKDECK_SOUND_RING_MODEL_H
#define PARKDECK_SOUND_RING_MODEL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SOUND_RING_SZ = 16384,  /**< Samples; a power of two. 341 ms */
	SOUND_RING_LINE = 64,   /**< Bytes; keeps the counters apart */
};

/**
 * The counters run for ever and wrap with size_t; their difference is the
 * fill. Each is written by one side only.
 */
struct sound_ring {
	atomic_size_t wr;       /**< Samples ever pushed             */
	char pad1[SOUND_RING_LINE];
	atomic_size_t rd;       /**< Samples ever popped or skipped  */
	char pad2[SOUND_RING_LINE];
	int16_t v[SOUND_RING_SZ];
};

/** Empty the ring; only while neither side uses it */
void   sound_ring_init(struct sound_ring *ring);

/** Producer: append up to n samples; returns how many there was room for */
size_t sound_ring_push(struct sound_ring *ring, const int16_t *v, size_t n);

/** Consumer: take up to n samples; returns how many there were */
size_t sound_ring_pop(struct sound_ring *ring, int16_t *v, size_t n);

/** Consumer: throw the oldest n samples away; returns how many there were */
size_t sound_ring_skip(struct sound_ring *ring, size_t n);

/** Samples in the ring. The other side may change it at any time: for the
 *  consumer it only grows, for the producer it only shrinks. */
size_t sound_ring_fill(struct sound_ring *ring);

#endif

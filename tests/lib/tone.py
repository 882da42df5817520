"""Is that tone in this recording?  Goertzel over a WAV file that may still
be growing; standard library only.

A window of 100 ms is long enough to tell tones 40 Hz apart and short enough
that a lost packet spoils one window only. A tone is *heard* when it makes up
most of the power of several windows in a row.
"""
import array
import math
import os
import struct
import sys

WINDOW_S = 0.1
SHARE_MIN = 0.5         # of a window's power, to call the tone present
RMS_MIN = 40.0          # of 32768; comfort noise and silence are below


def power_share(samples, rate, hz):
    """Share of the samples' power that is at hz, 0..1; 0 for silence"""
    n = len(samples)
    if n == 0:
        return 0.0
    coeff = 2.0 * math.cos(2.0 * math.pi * hz / rate)
    s1 = s2 = total = 0.0
    for x in samples:
        s1, s2 = x + coeff * s1 - s2, s1
        total += x * x
    if math.sqrt(total / n) < RMS_MIN:
        return 0.0
    power = s1 * s1 + s2 * s2 - coeff * s1 * s2
    return min(1.0, power / (n / 2.0 * total))


class Heard:
    """Something recorded; what is in it from which second on"""

    what = 'recording'

    def seconds(self):
        """How much has been recorded"""
        raise NotImplementedError

    def samples(self, since=0.0, until=None):
        """(rate, samples of the first channel), at about 8 kHz"""
        raise NotImplementedError

    def mark(self):
        """A place in the recording, for `since` below"""
        return self.seconds()

    def windows(self, hz, since=0.0, until=None):
        """For each window of 100 ms: is the tone present"""
        rate, a = self.samples(since, until)
        n = int(rate * WINDOW_S)
        return [power_share(a[i:i + n], rate, hz) >= SHARE_MIN
                for i in range(0, len(a) - n + 1, n)]

    def run(self, hz, since=0.0, until=None):
        """Longest uninterrupted stretch of the tone [s]"""
        best = now = 0
        for there in self.windows(hz, since, until):
            now = now + 1 if there else 0
            best = max(best, now)
        return best * WINDOW_S

    def total(self, hz, since=0.0, until=None):
        """How long the tone is there, all in all [s]"""
        return sum(self.windows(hz, since, until)) * WINDOW_S

    def loud(self, since=0.0, until=None):
        """How long anything at all is to be heard [s]"""
        rate, a = self.samples(since, until)
        n = int(rate * WINDOW_S)
        return WINDOW_S * sum(
            1 for i in range(0, len(a) - n + 1, n)
            if math.sqrt(sum(x * x for x in a[i:i + n]) / n) >= RMS_MIN)

    def describe(self, hzv, since=0.0):
        """One line for a failed test"""
        end = self.seconds()
        return '%s: %.1f s since %.1f: %s; anything %.1f s' % (
            self.what, max(0.0, end - since), since,
            ', '.join('%d Hz %.1f s' % (hz, self.total(hz, since))
                      for hz in hzv), self.loud(since))


class Memory(Heard):
    """Mono samples at 8 kHz that are appended as they come"""

    def __init__(self, what):
        self.what = what
        self.data = array.array('h')

    def append(self, raw):
        """raw: signed 16-bit little-endian"""
        a = array.array('h', raw)
        if sys.byteorder == 'big':
            a.byteswap()
        self.data.extend(a)

    def seconds(self):
        return len(self.data) / 8000.0

    def samples(self, since=0.0, until=None):
        return 8000, self.data[int(since * 8000):
                               None if until is None else int(until * 8000)]

    def save(self, path):
        a = self.data[:]
        if sys.byteorder == 'big':
            a.byteswap()
        with open(path, 'wb') as f:
            f.write(wav_header(2 * len(a)) + a.tobytes())


class Recording(Heard):
    """A 16-bit WAV file, mono or stereo, complete or still being written"""

    def __init__(self, path):
        self.path = path
        self.what = os.path.basename(path)

    def _open(self):
        """(file, rate, channels, where the samples begin) or None"""
        try:
            f = open(self.path, 'rb')
        except FileNotFoundError:
            return None
        head = f.read(4096)
        if len(head) < 12 or head[:4] != b'RIFF' or head[8:12] != b'WAVE':
            f.close()
            return None
        at, rate, channels, bits, fmt = 12, 0, 0, 0, 0
        while at + 8 <= len(head):
            name, size = struct.unpack('<4sI', head[at:at + 8])
            if name == b'fmt ':
                fmt, channels, rate, _, _, bits = struct.unpack(
                    '<HHIIHH', head[at + 8:at + 24])
            elif name == b'data':
                # sizes in the header are old while the file grows: the
                # samples go on to its end
                if bits != 16 or not rate or not channels:
                    f.close()
                    raise ValueError('%s: %d bits, format %d: 16-bit PCM '
                                     'expected' % (self.path, bits, fmt))
                return f, rate, channels, at + 8
            at += 8 + size + (size & 1)
        f.close()
        return None

    def seconds(self):
        o = self._open()
        if not o:
            return 0.0
        f, rate, channels, start = o
        with f:
            return max(0, os.fstat(f.fileno()).st_size - start) / (
                2.0 * channels * rate)

    def samples(self, since=0.0, until=None):
        o = self._open()
        if not o:
            return 8000, []
        f, rate, channels, start = o
        with f:
            frame = 2 * channels
            f.seek(start + int(since * rate) * frame)
            n = -1 if until is None else max(
                0, int((until - since) * rate)) * frame
            data = f.read(n)
        data = data[:len(data) // frame * frame]
        a = array.array('h', data)
        if sys.byteorder == 'big':
            a.byteswap()
        if channels > 1:
            a = a[::channels]
        step = max(1, rate // 8000)
        if step == 1:
            return rate, a
        # averaging over the samples left out is low pass enough for tones
        return rate / step, [sum(a[i:i + step]) / step
                             for i in range(0, len(a) - step + 1, step)]


def wave(hz, seconds=1.0, rate=8000, amplitude=6000):
    """Bare signed 16-bit little-endian samples"""
    a = array.array('h', (int(amplitude * math.sin(
        2 * math.pi * hz * i / rate)) for i in range(int(seconds * rate))))
    if sys.byteorder == 'big':
        a.byteswap()
    return a.tobytes()


def wav_header(size, rate=8000):
    """Of a mono 16-bit WAV file with so many bytes of samples"""
    return struct.pack('<4sI4s4sIHHIIHH4sI', b'RIFF', 36 + size, b'WAVE',
                       b'fmt ', 16, 1, 1, rate, rate * 2, 2, 16, b'data',
                       size)

//! Finds a byte in 64 bytes at a time, with AVX-512 or AVX2 if the processor has them, otherwise with 16-byte lanes.
//!
//! The instructions are chosen at run time, so that one binary is fast on a server and still runs on an old laptop. `wide`
//! chooses at compile time, so it serves only as the fallback. `pulp` provides the wider instructions behind a token that
//! proves that the processor has them.

use wide::u8x16;

/// Finds bytes in a chunk of 64. Bit i of a mask refers to byte i of the chunk.
pub(crate) trait Lanes: Copy {
    /// The positions of the byte.
    fn find(self, chunk: &[u8; 64], byte: u8) -> u64;
}

/// Any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Lanes for Portable {
    #[inline(always)]
    fn find(self, chunk: &[u8; 64], byte: u8) -> u64 {
        let wanted = u8x16::splat(byte);
        let (quarters, _) = chunk.as_chunks::<16>();
        quarters
            .iter()
            .rev()
            .fold(0, |mask, quarter| (mask << 16) | u64::from(u8x16::new(*quarter).simd_eq(wanted).to_bitmask()))
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256i, __m512i};

    use pulp::x86::{V3, V4};

    use super::Lanes;

    /// Processors since about 2013.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(V3);

    impl Avx2 {
        /// Some if this processor has these instructions.
        pub(crate) fn new() -> Option<Self> {
            V3::try_new().map(Self)
        }

        /// Runs `f` compiled for this processor. Only code that is inlined into `f` uses the instructions.
        #[inline(always)]
        pub(crate) fn run<R>(self, f: impl FnOnce() -> R) -> R {
            self.0.vectorize(f)
        }
    }

    /// Servers since about 2017, and many laptops: one comparison for a chunk.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(V4);

    impl Avx512 {
        /// Some if this processor has these instructions.
        pub(crate) fn new() -> Option<Self> {
            V4::try_new().map(Self)
        }

        /// As [`Avx2::run`].
        #[inline(always)]
        pub(crate) fn run<R>(self, f: impl FnOnce() -> R) -> R {
            self.0.vectorize(f)
        }
    }

    impl Lanes for Avx512 {
        #[inline(always)]
        fn find(self, chunk: &[u8; 64], byte: u8) -> u64 {
            let text: __m512i = pulp::cast(*chunk);
            self.0.avx512bw._mm512_cmpeq_epi8_mask(text, self.0.avx512f._mm512_set1_epi8(byte.cast_signed()))
        }
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn find(self, chunk: &[u8; 64], byte: u8) -> u64 {
            let (avx, avx2) = (self.0.avx, self.0.avx2);
            let wanted = avx._mm256_set1_epi8(byte.cast_signed());
            let half = |bytes: [u8; 32]| {
                let bytes: __m256i = pulp::cast(bytes);
                u64::from(avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(bytes, wanted)).cast_unsigned())
            };
            let (halves, _) = chunk.as_chunks::<32>();
            half(halves[0]) | half(halves[1]) << 32
        }
    }
}

/// Bit i is the parity of bits 0 to i. For a mask of quotes, it says whether byte i is inside quotes.
#[inline(always)]
pub(crate) fn running_parity(mut mask: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(lanes: impl Lanes) {
        let chunk: [u8; 64] = std::array::from_fn(|i| (i * 7 % 11) as u8);
        for byte in 0..12 {
            let want = chunk.iter().enumerate().filter(|(_, b)| **b == byte).fold(0u64, |m, (i, _)| m | 1 << i);
            let mask = lanes.find(&chunk, byte);
            assert_eq!(mask, want);
        }
    }

    #[test]
    fn every_processor_finds_the_same() {
        agree(Portable);
        #[cfg(target_arch = "x86_64")]
        {
            Avx2::new().into_iter().for_each(agree);
            Avx512::new().into_iter().for_each(agree);
        }
    }

    #[test]
    fn parity() {
        assert_eq!(running_parity(0b1001_0010), !0u64 << 7 | 0b000_1110);
    }
}

//! How far back a compressed message reaches (RFC 1951). This has to be checked where a window smaller than the largest
//! was agreed on: zlib-rs always inflates with the largest window, so it does not notice a message that another
//! receiver could not inflate.

use std::cell::LazyCell;

/// Symbols of the alphabet of literals and lengths, as the fixed code has them.
const LITERALS: usize = 288;

/// Distance symbols that there are.
const DISTANCES: usize = 30;

/// The order in which the lengths of the code length code come (RFC 1951 section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The greatest distance in the blocks of a message, as far as they can be read.
pub fn farthest(compressed: &[u8]) -> u32 {
    let mut bits = Bits { bytes: compressed, position: 0 };
    let mut farthest = 0;
    // Made once for all blocks: one MiB can hold 800,000 empty ones.
    let fixed: LazyCell<(Code, Code)> = LazyCell::new(fixed_codes);
    while block(&mut bits, &fixed, &mut farthest).is_some() {}
    farthest
}

/// The codes of blocks that bring none (RFC 1951 section 3.2.6).
fn fixed_codes() -> (Code, Code) {
    let mut lengths = [8; LITERALS];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    (Code::new(&lengths), Code::new(&[5; DISTANCES]))
}

/// Reads a block; `None` where it ends too early, or is none.
fn block(bits: &mut Bits<'_>, fixed: &LazyCell<(Code, Code)>, farthest: &mut u32) -> Option<()> {
    let is_final = bits.take(1)? == 1;
    match bits.take(2)? {
        0 => {
            bits.align();
            let length = bits.take(16)?;
            bits.position += 16 + 8 * length as usize;
        }
        1 => {
            let (literals, distances) = &**fixed;
            symbols(bits, literals, distances, farthest)?;
        }
        2 => {
            let (literals, distances) = codes(bits)?;
            symbols(bits, &literals, &distances, farthest)?;
        }
        _ => return None,
    }
    if is_final {
        bits.align();
    }
    Some(())
}

/// Reads the two codes of a block that brings its own (RFC 1951 section 3.2.7).
fn codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let mut lengths = [0; ORDER.len()];
    let count = bits.take(4)? as usize + 4;
    for &symbol in &ORDER[..count] {
        lengths[symbol] = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (length, repeated) = match code.read(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        lengths.extend((0..repeated).map(|_| length));
    }
    Some((Code::new(&lengths[..literals]), Code::new(&lengths[literals..])))
}

/// Reads what a block holds, up to its end.
fn symbols(bits: &mut Bits<'_>, literals: &Code, distances: &Code, farthest: &mut u32) -> Option<()> {
    loop {
        let length = match literals.read(bits)? {
            0..=255 => continue,
            256 => return Some(()),
            symbol => symbol - 257,
        };
        bits.take(if matches!(length, 8..=27) { length / 4 - 1 } else { 0 })?;
        let distance = match distances.read(bits)? {
            near @ 0..=3 => near + 1,
            far => {
                let extra = far / 2 - 1;
                1 + ((2 + far % 2) << extra) + bits.take(extra)?
            }
        };
        *farthest = distance.max(*farthest);
    }
}

/// A prefix code (RFC 1951 section 3.2.2).
struct Code {
    /// How many symbols have codes of 1 to 15 bits.
    counts: [u32; 15],
    /// The symbols in the order of their codes.
    symbols: Vec<u32>,
}

impl Code {
    /// From the number of bits of each symbol's code, 0 to 15, where 0 is a symbol that does not occur.
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 15];
        let mut ordered: Vec<(u8, u32)> = lengths.iter().copied().zip(0..).filter(|&(length, _)| length > 0).collect();
        ordered.sort_unstable();
        for &(length, _) in &ordered {
            counts[usize::from(length) - 1] += 1;
        }
        Self { counts, symbols: ordered.into_iter().map(|(_, symbol)| symbol).collect() }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<u32> {
        // The code read so far; the first code of as many bits; the index of the symbol of that first code.
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in self.counts {
            code = code << 1 | bits.take(1)?;
            first <<= 1;
            if code < first + count {
                return self.symbols.get((index + code.checked_sub(first)?) as usize).copied();
            }
            index += count;
            first += count;
        }
        None
    }
}

/// Bits of bytes, the lowest first.
struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    /// The next bits as a number, the first of them its lowest.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.position / 8)?;
            number |= u32::from(byte >> (self.position % 8) & 1) << place;
            self.position += 1;
        }
        Some(number)
    }

    fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }
}

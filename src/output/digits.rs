//! Writes numbers as digits. It takes a third of the time of `write!`, which counts in lines that are written by the
//! million.

/// The digits of bases up to 16.
pub const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `number` in decimal. Most numbers are short.
pub fn decimal(output: &mut Vec<u8>, number: u64) {
    let digit = |place: u64| DIGITS[(number / place % 10) as usize];
    match number {
        0..10 => output.push(digit(1)),
        10..100 => output.extend_from_slice(&[digit(10), digit(1)]),
        _ => output.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
    }
}

/// Appends the last six decimal digits of `number`: a fraction in millionths.
pub fn millionths(output: &mut Vec<u8>, mut number: u32) {
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 10) as usize];
        number /= 10;
    }
    output.extend_from_slice(&digits);
}

/// Appends `byte` as two hexadecimal digits.
pub fn hexadecimal(output: &mut Vec<u8>, byte: u8) {
    output.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut output = Vec::new();
        write(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn every_number_comes_out_whole() {
        let powers = (0..20).map(|exponent| 10_u64.pow(exponent));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, power.saturating_mul(9)]);
        for number in (0..20_000).chain((0..1_100_000_000).step_by(99_991)).chain(around).chain([u64::MAX]) {
            assert_eq!(written(|output| decimal(output, number)), number.to_string());
        }
    }

    #[test]
    fn a_fraction_keeps_its_zeros() {
        assert_eq!(written(|output| millionths(output, 42)), "000042");
        assert_eq!(written(|output| millionths(output, 999_999)), "999999");
    }

    #[test]
    fn a_byte_has_two_hexadecimal_digits() {
        assert_eq!(written(|output| hexadecimal(output, 0x0f)), "0f");
        assert_eq!(written(|output| hexadecimal(output, 0xa0)), "a0");
    }
}

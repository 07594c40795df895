//! Names that nobody has.

use std::hash::{BuildHasher as _, RandomState};
use std::io;

/// Letters and digits that make a name unique.
pub(crate) const UNIQUE: usize = 6;

/// The letters and digits of a unique name: the ten digits and 26 letters.
const DIGITS: u32 = 36;

/// Attempts to find a free name among the two billion possible ones.
const ATTEMPTS: usize = 100;

/// Makes an entry `PREFIXxxxxxxEND` that does not exist yet. `make` fails if the name is taken.
pub(crate) fn with_free_name<T>(
    prefix: &str,
    end: &str,
    make: impl Fn(&str) -> io::Result<T>,
) -> io::Result<(String, T)> {
    for _ in 0..ATTEMPTS {
        // Each state hashes with random keys of its own.
        let mut random = RandomState::new().hash_one(());
        let mut name = prefix.to_owned();
        for _ in 0..UNIQUE {
            name.extend(char::from_digit((random % u64::from(DIGITS)) as u32, DIGITS));
            random /= u64::from(DIGITS);
        }
        name += end;
        match make(&name) {
            Ok(made) => return Ok((name, made)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

//! `--sign`: reads the key that signs a report from a file that only its owner may read.

use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::cli::load::describe_io_error;
use crate::report::seal::SignKey;

/// Bytes of the file that are read: a key of 64 digits, and white space.
const LONGEST: u64 = 1024;

/// Reads the key, or refuses a file that others may read and a key that is easy to guess.
pub(crate) fn load(path: &Path) -> anyhow::Result<SignKey> {
    let shown = path.display();
    let trouble = |e: std::io::Error| anyhow!("--sign {shown}: {}", describe_io_error(&e));
    // A pipe would keep the run waiting.
    if !fs::metadata(path).map_err(trouble)?.is_file() {
        bail!("--sign {shown}: is not an ordinary file; put the key into one");
    }
    let file = File::open(path).map_err(trouble)?;
    if let Some(mode) = file.metadata().ok().and_then(|meta| others_mode(&meta)) {
        bail!("--sign {shown}: other users may read it (mode {mode:o}); make a new key, and `chmod 600` its file");
    }
    let mut secret = Vec::new();
    file.take(LONGEST).read_to_end(&mut secret).map_err(trouble)?;
    SignKey::new(&secret).map_err(|e| {
        anyhow!(
            "--sign {shown}: {e}; make a key with `(umask 077; head -c 32 /dev/urandom > sign.key)` and keep it where \
             nobody who may write to reports can read it"
        )
    })
}

/// The mode of a file that others than its owner may read or write.
#[cfg(unix)]
fn others_mode(meta: &Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn others_mode(_: &Metadata) -> Option<u32> {
    None
}

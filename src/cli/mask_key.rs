//! `--mask`: reads the secret key from a file or from the environment. The key is never on the command line, which other users
//! of the machine can see.

use anyhow::anyhow;

use crate::claim::line::mask::Mask;
use crate::cli::load::describe_io_error;

/// Reads the key from the variable of `env:NAME`, or else from the file with that name.
pub(crate) fn load(from: &str) -> anyhow::Result<Mask> {
    let secret = match from.strip_prefix("env:") {
        Some(name) => std::env::var_os(name)
            .ok_or_else(|| anyhow!("--mask {from}: no such variable; set it to the key, or name a file"))?
            .into_encoded_bytes(),
        None => std::fs::read(from).map_err(|e| anyhow!("--mask {from}: {}", describe_io_error(&e)))?,
    };
    Mask::new(&secret).map_err(|weak| {
        anyhow!(
            "--mask {from}: the key {weak}; make one with `head -c 32 /dev/urandom | base64 > mask.key` and keep it as \
             secret as the claims"
        )
    })
}

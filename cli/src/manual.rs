//! Shell completions and manual pages, from the same definition as `--help`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output;

const COMPLETIONS_EXAMPLE: &str = "Examples:
  arwen completions bash > ~/.local/share/bash-completion/completions/arwen
  arwen completions zsh > ~/.zfunc/_arwen
  arwen completions fish > ~/.config/fish/completions/arwen.fish

Exit codes:
  0  done
  2  the command line cannot be used";

const MAN_EXAMPLE: &str = "Example:
  arwen man ~/.local/share/man/man1 && man arwen-world

Exit codes:
  0  done
  2  the folder cannot be written, or the command line cannot be used";

/// The arguments of `arwen completions`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLE)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// The arguments of `arwen man`.
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLE)]
pub struct ManArgs {
    /// The folder for the pages, which is made when there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints what makes a shell complete the command line.
pub fn completions(args: &CompletionsArgs, mut command: Command) -> ExitCode {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    crate::printed(output::print(String::from_utf8_lossy(&script)))
}

/// Writes a manual page for each command.
pub fn pages(args: &ManArgs, command: Command) -> ExitCode {
    match write_pages(&args.folder, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(format_args!("arwen man: {}: {error}", args.folder.display()));
            ExitCode::from(2)
        }
    }
}

fn write_pages(folder: &Path, command: Command) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}

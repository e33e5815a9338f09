//! The inventory's file: where it is found, who may write to it, what can be read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use m3m::world::inventory_file::{find, load, names};

use crate::inventory::SMALL;
use crate::support::{Home, skipped};

#[track_caller]
fn refused(path: &Path) -> String {
    let error = load(path).err().unwrap_or_else(|| panic!("{} is accepted", path.display()));
    assert_eq!(error.exit().code(), 3);
    error.render()
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let home = Home::new();
    let missing = home.path().join("missing.yaml");
    let shown = missing.display();
    assert_eq!(
        refused(&missing),
        format!("error: cannot read {shown}\n  because: No such file or directory (os error 2)\n")
    );
    let dir = home.path();
    assert_eq!(refused(dir), format!("error: cannot read {}: it is a directory\n", dir.display()));
    assert_eq!(refused(Path::new("/dev/null")), "error: cannot read /dev/null: it is neither a file nor a pipe\n");

    let locked = home.write("locked.yaml", SMALL);
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).expect("its mode");
    if rustix::process::geteuid().is_root() {
        skipped("a file without read permission: root reads it all the same");
        return;
    }
    let shown = locked.display();
    assert_eq!(refused(&locked), format!("error: cannot read {shown}\n  because: Permission denied (os error 13)\n"));
}

#[test]
fn a_file_that_somebody_else_may_write_is_refused() {
    let home = Home::new();
    let file = home.write("inventory.yaml", SMALL);
    let shown = file.display();
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
    mode(0o646);
    assert_eq!(
        refused(&file),
        format!(
            "error: {shown} may be written by everybody (mode 646)\nhint: it holds commands that m3m runs: chmod o-w {shown}\n"
        )
    );
    mode(0o644);
    load(&file).expect("readable by everybody, writable by its owner");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(1), Some(1)).expect("give it away");
        assert!(refused(&file).contains("belongs to uid 1, neither to you nor to root"));
        std::os::unix::fs::chown(&file, Some(0), Some(1)).expect("take it back, with another group");
        mode(0o664);
        assert!(
            refused(&file)
                .contains("may be written by its group (mode 664)\nhint: it holds commands that m3m runs: chmod g-w")
        );
    } else {
        skipped("a file of another owner or group: only root can make it");
    }
}

#[test]
fn a_file_that_is_no_text_or_too_large_is_refused() {
    let home = Home::new();
    let latin = home.write("latin.yaml", b"cell: montana\n# M\xfcnchen\n");
    assert_eq!(
        refused(&latin),
        format!("error: {}:2: not UTF-8: byte 0xfc at offset 17\nhint: save the file as UTF-8\n", latin.display())
    );
    let large = home.write("large.yaml", "# 10 MB\n".repeat(10 << 17));
    let text = refused(&large);
    assert!(text.starts_with(&format!("error: {} is larger than 1 MiB\n", large.display())), "{text}");
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let home = Home::new();
    let pipe = home.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .expect("a named pipe");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, SMALL)
    });
    let inventory = load(&pipe).unwrap_or_else(|error| panic!("{}", error.render()));
    assert_eq!(inventory.nodes.len(), 3);
    writer.join().expect("the writer").expect("the pipe is read to its end");
}

#[test]
fn the_inventory_is_found_where_documented() {
    let home = Home::new();
    let named = home.write("named.yaml", SMALL);
    let env = home.write("env.yaml", SMALL);
    assert_eq!(find(Some(&named), Some(env.as_os_str())).expect("-i wins"), named);
    assert_eq!(find(None, Some(env.as_os_str())).expect("the variable"), env);
    let missing = home.path().join("missing.yaml");
    for (result, by) in [(find(Some(&missing), None), "-i"), (find(None, Some(missing.as_os_str())), "M3M_INVENTORY")] {
        let text = result.expect_err("a named file must be there").render();
        let first = format!("error: cannot find the inventory {}, named by {by}\n", missing.display());
        assert!(text.starts_with(&first), "{text}");
    }
}

#[test]
fn a_dangling_link_does_not_lead_to_another_cell() {
    let home = Home::new();
    home.write("config/m3m/inventory.yaml", SMALL);
    home.run(["check", "--offline"]).assert_code(0);
    std::os::unix::fs::symlink("gone.yaml", home.path().join("inventory.yaml")).expect("a link");
    let shown = home.run(["check", "--offline"]);
    assert!(shown.assert_code(3).stderr.starts_with("error: cannot read inventory.yaml\n"), "{shown}");
}

#[test]
fn names_are_offered_from_a_broken_inventory() {
    let home = Home::new();
    let broken = home.write("broken.yaml", format!("{SMALL}  - {{ name: four, host\n nonsense: [\n"));
    assert_eq!(names(&broken)[..3], ["one", "two", "three"]);
    assert!(names(&home.path().join("missing")).is_empty());
    assert!(names(Path::new("/dev/zero")).is_empty());
}

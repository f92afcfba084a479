"""COLLECT: one file a format. Each holds `SOURCE`, an object with two methods:

    recognises(path: Path) -> float                        how sure it is (0..1) that it reads this file or folder
    read(path, *, limits, target, cache) -> Table          the rows, as one frame with hints

`limits` bounds what is read, `target` is the column the user named (or None), `cache` a folder for what is unpacked or
converted (or None: a folder that lives as long as the process). Files that begin with an underscore are shared helpers.
"""

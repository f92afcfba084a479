"""Images, clips, boxes, masks → pictures and files."""

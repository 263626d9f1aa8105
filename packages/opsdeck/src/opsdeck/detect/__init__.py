"""Security events found in what was collected: rule files in, detections, rows of the log and entries out."""

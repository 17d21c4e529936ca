// Controls of times, with or without a date, and their zone.

import { KINDS } from "./controls.js";

KINDS.moment = {
  read(control) {
    const [{ value }, zone] = control.querySelectorAll("input");
    return value ? value.replace(/(^|T)(\d\d:\d\d)$/, "$1$2:00") + zone.value : undefined;
  },
  fill(control, value) {
    const [moment, zone] = control.querySelectorAll("input");
    const [, time, offset = ""] = /^(.*?)(Z|[+-]\d\d:\d\d)?$/s.exec(typeof value === "string" ? value : "");
    moment.value = time;
    zone.value = value === undefined ? zone.defaultValue : offset;
  },
};

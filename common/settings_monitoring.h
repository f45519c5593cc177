/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_MONITORING_H
#define COMMON_SETTINGS_MONITORING_H

#include "common/settings.h"

/* What follows from [monitoring] for other sections: for the loader alone. */
void settings_derive_monitoring(struct settings *settings);

#endif

/* style.h - the page's style sheet.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

extern const char report_style[];

#endif

package parts_test

// The heads of the page of mix-ups.
const (
	mixupsHead = `# Parts in each other's place

This page is written by a test (` + "`TestMixups`" + `), which keeps it true: every simulated part that may hang on the same line, that is, whose
speed and format are the same or not stated, is put in the place of every profile's, with its address, and gives five sets of values from
one end of its ranges to the other. What a gateway makes of it is counted, in per cent:

- **named**: the part is asked for what only the right one answers. Fault ` + "`wrong-part`" + `; no value is used.
- **mute**: it refuses what it is asked for, or is silent. A fault; there are no values.
- **suspected**: it gives values, and they are used; beside them, on the status page and in ` + "`lamppost read`" + `, it is said that it may be
  another part, and what does not fit.
- **worthless**: each value is flagged bad or missing.
- **believed**: nothing is told. With which parts that happens stands in the last column, six of them at most.

A part whose document names nothing to ask for, and that gives one number from one register, cannot be told from another such part by
anybody. Under its own profile no part is suspected, over all that it can measure (` + "`TestNoPartIsDoubtedUnderItsOwnProfile`" + `). The simulated
parts were written after the makers' documents; a real one may answer more, or less, than its document says.

| profile | print | others on such a line | named | mute | suspected | worthless | believed | who is believed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`
	mixupsHeadZh = `# 部件互换

本页由测试（` + "`TestMixups`" + `）生成，并由它保证属实：凡速率和格式相同、或其中一方未注明的模拟部件，都以同一地址放到每个型号的位置上，
从量程一端到另一端给出五组数值。网关的判断按百分比统计：

- **指明**：询问只有正确部件才能回答的内容。报故障 ` + "`wrong-part`" + `，数值一概不采用。
- **无值**：拒绝应答或无应答。报故障，没有数值。
- **存疑**：数值采用，同时在状态页和 ` + "`lamppost read`" + ` 中说明可能不是该设备，以及哪里不符。
- **作废**：每个数值都标为不合格或缺失。
- **误信**：没有任何提示。最后一栏列出是哪些部件，至多六种。

文档中没有可供询问的内容、又只从一个寄存器给出一个数的部件，谁也无法与另一种同样的部件区分。部件在自己的型号下，在其全部测量范围内都不会
被怀疑（` + "`TestNoPartIsDoubtedUnderItsOwnProfile`" + `）。模拟部件按厂家文档编写；真实部件的应答可能比文档所述更多或更少。

| 型号 | 识别 | 同类线路上的其他部件 | 指明 | 无值 | 存疑 | 作废 | 误信 | 误信为该型号的部件 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`
)

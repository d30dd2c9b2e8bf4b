// 汇聚平台自身异常的中文文案，键与 en.truth.ts 一致。

export const truth = {
  'conn.deaf': '收不到上报',
  'summary.deaf': '不得而知：收不到上报',
  'ill.broker': '汇聚平台与消息服务器的连接已断开：自 {time} 起未收到任何网关的新数据，以下为当时情况。',
  'ill.store': '自 {time} 起读数无法入库：最新值仍为当前值，曲线和导出会缺少未入库的部分；网关已保存，恢复后补传。',
  'ill.database': '自 {time} 起数据库无应答：此处的操作可能不成功，列表可能不是最新。',
  'ill.aggregators': '自 {time} 起与另一汇聚平台失去联系：部分消息可能延迟。',
} as const;

// Package channel carries one message to where people or machines read it: a robot in a
// DingTalk, WeCom or Feishu group, an e-mail, a webhook, a topic of an MQTT broker. Each is
// a [Sender] in a file of its own. What is sent when, to whom and how often is the office's
// business (package notify); a sender makes one attempt and says what became of it.
//
// Promised:
//
//   - Send returns nil only if the receiver said that it took the message: the code 0 in a
//     robot's answer, a 2xx of a webhook, the 250 of a mail server, the broker's
//     acknowledgement. Any other outcome is an [*Error], which says whether to try again,
//     when, and whether the message may have arrived all the same.
//   - Nothing that a message says can become markup, a mention, a header or a link of its
//     own: texts are neutralized for each receiver. Only [Link]s are links.
//   - Lengths are kept in bytes of UTF-8, cut between characters, links always whole.
//   - No error holds an address with its credential.
//   - A connection goes only to a host that the [Guard] lists, and to a private address
//     only if that is listed too. The address is judged when it is connected to, so that a
//     name cannot be pointed elsewhere in between. Redirections are not followed.
//   - Answers are read up to 16 KiB. Each attempt ends with its context.
//
// Formats: DingTalk and WeCom group robots and Feishu custom bots as their makers describe
// them, CloudEvents 1.0 in structured JSON, Standard Webhooks signatures, RFC 5322 mail.
package channel

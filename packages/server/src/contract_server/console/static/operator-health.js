// 稼働状況: whether the service keeps its promises.

import { ask } from "./api.js";
import { list } from "./contract.js";
import { h } from "./dom.js";
import { greet } from "./frame.js";
import { instant, say } from "./language.js";
import { requireOperator } from "./operations.js";
import { fill, load } from "./outcome.js";

const HEALTH = `query { viewer { name role } health { now ok lastSweepAt checks { name ok count detail } } }`;

// the API's own words for operators are English: a check that is new here is shown in them
const JAPANESE = {
  sweep: ["期日の処理", "前回の処理は、5分以内に完了しています。"],
  service_end: ["利用終了の記録", "期日を迎えた契約の利用終了は、すべて記録されています。"],
  erasure: ["登録情報の抹消", "期日を迎えた登録情報は、すべて抹消されています。"],
  breaker: ["抹消の承認待ち", "運用担当者の承認を待つ抹消はありません。"],
  holds: ["抹消の保留の見直し", "見直しの期日を迎えた保留はありません。"],
  set_aside: ["処理を中断した契約", "再試行の上限に達して中断した処理はありません。"],
  leftovers: ["抹消後の残存", "抹消済みの契約に、個人情報は残っていません。"],
  applications: ["契約中の申請", "契約中の契約に、有効な終了申請は残っていません。"],
  due_dates: ["期日の整合", "記録されている期日は、すべて申請の内容と一致しています。"],
  confirmations: ["他サービスの抹消の確認", "どのサービスも、抹消を7日以内に確認しています。"],
  retained: ["他サービスでの保持", "申告した期日を過ぎて保持しているサービスはありません。"],
  evidence: ["抹消の証跡", "抹消済みの契約には、すべて証跡があります。"],
  chain: ["証跡の連鎖", "証跡に欠落はありません。"],
  mails_unsent: ["未送信のメール", "5分を超えて送信を待つメールはありません。"],
  mails_failed: ["送信できなかったメール", "送信を取りやめたメールはありません。"],
  webhooks_failed: ["Webhookの送信失敗", "送信に失敗したままのWebhookはありません。"],
  webhooks: ["Webhookの送信先", "停止している送信先はありません。"],
};

load(async () => {
  const { viewer, health } = await ask(HEALTH);
  requireOperator(viewer);
  greet(viewer);
  fill(
    h(
      `div.notice.${health.ok ? "information" : "problem"}`,
      {},
      h(
        "p.large",
        {},
        health.ok
          ? say("すべて正常です", "All is well")
          : say("確認が必要な項目があります", "Something needs attention"),
      ),
    ),
    h(
      "section.card",
      {},
      list([
        [say("現在の日時", "Now"), instant(health.now)],
        [say("前回の期日の処理", "Last sweep"), instant(health.lastSweepAt)],
      ]),
    ),
    h("ul.checks", {}, health.checks.map(check)),
  );
});

function check({ name, ok, count, detail }) {
  const [title, promise] = JAPANESE[name] ?? [name, detail];
  return h(
    ok ? "li.card" : "li.card.failing",
    {},
    h(
      "h2",
      {},
      say(title, name),
      h("span.chip", {}, ok ? say("正常", "OK") : say(`要確認 ${count}件`, `${count} to check`)),
    ),
    h("p.hint", {}, ok ? say(promise, detail) : say(`あるべき状態：${promise}`, `Promised: ${detail}`)),
  );
}

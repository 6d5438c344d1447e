// The page overview.
import { PageTitle } from "../../components/surfaces";

export default function Page() {
  return <PageTitle title="overview" />;
}

// The page requests.
import { PageTitle } from "../../components/surfaces";

export default function Page() {
  return <PageTitle title="requests" />;
}

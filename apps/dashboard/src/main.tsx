import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './data/query-client.ts'
import { router } from './routes.tsx'
import { WholeError } from './shell/whole-error.tsx'
import { Boundary } from './ui/boundary.tsx'
import { Toasts } from './ui/toast.tsx'
import { Tooltips } from './ui/tooltip.tsx'
import './styles/tokens.css'
import './styles/base.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element "root"')

const queries = queryClient()

createRoot(root).render(
  <StrictMode>
    <Boundary instead={(error) => <WholeError error={error} />}>
      <QueryClientProvider client={queries}>
        <Tooltips>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </Tooltips>
      </QueryClientProvider>
    </Boundary>
  </StrictMode>,
)
